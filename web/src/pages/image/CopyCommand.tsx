import {
  Dropdown,
  DropdownGroup,
  DropdownItem,
  DropdownList,
  MenuToggle,
  type MenuToggleElement,
} from '@patternfly/react-core'
import { type Ref, useState } from 'react'
import { FormattedMessage, useIntl } from 'react-intl'
import type { WireImage } from '../../../../src/faces/console/wire.ts'
import { useToasts } from '../../parts/toasts.tsx'
import { useExhibits } from './seen-by/exhibits.ts'

/** Copies the command that brings the image into a system; what it needs before, the tab "Seen by" says. */
export function CopyCommand({ image }: { readonly image: WireImage }) {
  const intl = useIntl()
  const toasts = useToasts()
  const [isOpen, setOpen] = useState(false)
  const { data: exhibits = [], isPending } = useExhibits(image.uuid, isOpen)
  const copy = async (text: string) => {
    await navigator.clipboard.writeText(text)
    toasts.succeed(intl.formatMessage({ id: 'image.copyCommand.done' }))
  }
  return (
    <Dropdown
      isOpen={isOpen}
      onOpenChange={setOpen}
      onSelect={() => setOpen(false)}
      popperProps={{ position: 'right' }}
      isScrollable
      toggle={(ref: Ref<MenuToggleElement>) => (
        <MenuToggle ref={ref} isExpanded={isOpen} onClick={() => setOpen(!isOpen)}>
          <FormattedMessage id="image.copyCommand" />
        </MenuToggle>
      )}
    >
      {isPending ? (
        <DropdownList>
          <DropdownItem isDisabled>
            <FormattedMessage id="app.loading" />
          </DropdownItem>
        </DropdownList>
      ) : (
        exhibits.map((exhibit) => {
          if (!exhibit.shown) return null
          return (
            <DropdownGroup
              key={exhibit.system}
              label={intl.formatMessage({ id: `image.system.${exhibit.system}` })}
              labelHeadingLevel="h2"
            >
              <DropdownList>
                {exhibit.commands.map(({ purpose, tool, text }) => (
                  <DropdownItem key={`${purpose} ${tool}`} onClick={() => void copy(text)} description={tool}>
                    <FormattedMessage id={`image.purpose.${purpose}`} />
                  </DropdownItem>
                ))}
              </DropdownList>
            </DropdownGroup>
          )
        })
      )}
    </Dropdown>
  )
}
