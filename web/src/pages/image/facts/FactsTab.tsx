import { Grid, GridItem } from '@patternfly/react-core'
import type { TabProps } from '../tabs.ts'
import { AccessCard } from './AccessCard.tsx'
import { BytesCard } from './BytesCard.tsx'
import { DescriptionCard } from './DescriptionCard.tsx'
import { OriginCard } from './OriginCard.tsx'
import { SystemCard } from './SystemCard.tsx'

/** What the image is. */
export function FactsTab({ detail }: TabProps) {
  return (
    <Grid hasGutter>
      <GridItem lg={6} className="ip-cards">
        <DescriptionCard detail={detail} />
        <SystemCard detail={detail} />
        <AccessCard detail={detail} />
      </GridItem>
      <GridItem lg={6} className="ip-cards">
        <BytesCard detail={detail} />
        <OriginCard detail={detail} />
      </GridItem>
    </Grid>
  )
}
