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

/** Copies the command by which a system gets the image; what has to be done before, the tab "Seen by" says. */
export function CopyCommand({ image }: { readonly image: WireImage }) {
  const intl = useIntl()
  const toasts = useToasts()
  const [isOpen, setOpen] = useState(false)
  const { data, isPending } = useExhibits(image.uuid, isOpen)
  // To look at it nobody needs a menu.
  const exhibits = (data ?? []).flatMap((exhibit) => {
    const commands = exhibit.shown ? exhibit.commands.filter(({ purpose }) => purpose !== 'show') : []
    return commands.length === 0 ? [] : [{ system: exhibit.system, commands }]
  })
  const copy = async (text: string) => {
    await navigator.clipboard.writeText(text)
    toasts.succeed(intl.formatMessage({ id: 'image.copyCommand.done' }))
  }
  return (
    <Dropdown
      shouldFocusToggleOnSelect
      isOpen={isOpen}
      onOpenChange={setOpen}
      onSelect={() => setOpen(false)}
      popperProps={{ position: 'right', appendTo: 'inline' }}
      isScrollable
      toggle={(ref: Ref<MenuToggleElement>) => (
        <MenuToggle ref={ref} isExpanded={isOpen} onClick={() => setOpen(!isOpen)}>
          <FormattedMessage id="image.copyCommand" />
        </MenuToggle>
      )}
    >
      {exhibits.length === 0 ? (
        <DropdownList>
          <DropdownItem isDisabled>
            <FormattedMessage id={isPending ? 'app.loading' : 'image.copyCommand.none'} />
          </DropdownItem>
        </DropdownList>
      ) : (
        exhibits.map(({ system, commands }) => (
          <DropdownGroup
            key={system}
            label={intl.formatMessage({ id: `image.system.${system}` })}
            labelHeadingLevel="h2"
          >
            <DropdownList>
              {commands.map(({ purpose, tool, text }) => (
                <DropdownItem key={`${purpose} ${tool}`} onClick={() => void copy(text)} description={tool}>
                  <FormattedMessage id={`image.purpose.${purpose}`} />
                </DropdownItem>
              ))}
            </DropdownList>
          </DropdownGroup>
        ))
      )}
    </Dropdown>
  )
}
