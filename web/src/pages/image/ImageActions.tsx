import {
  Button,
  Divider,
  Dropdown,
  DropdownItem,
  DropdownList,
  MenuToggle,
  type MenuToggleElement,
} from '@patternfly/react-core'
import { DownloadIcon } from '@patternfly/react-icons/dist/esm/icons/download-icon'
import { type Ref, useState } from 'react'
import { FormattedMessage, useIntl } from 'react-intl'
import { useNavigate } from 'react-router'
import type { WireImage } from '../../../../src/faces/console/wire.ts'
import { apiPath, post, remove } from '../../api/client.ts'
import { ConfirmModal } from '../../parts/ConfirmModal.tsx'
import { useToasts } from '../../parts/toasts.tsx'
import { CopyCommand } from './CopyCommand.tsx'
import { useImageChanged, useImageGone } from './image.ts'
import type { TabProps } from './tabs.ts'

/** What can be done with the image as a whole. */
export function ImageActions({
  detail: { image, allowed },
  onLeaving,
}: TabProps & { readonly onLeaving: (isLeaving: boolean) => void }) {
  const intl = useIntl()
  const navigate = useNavigate()
  const toasts = useToasts()
  const changed = useImageChanged(image.uuid)
  const gone = useImageGone(image.uuid)
  const [isOpen, setOpen] = useState(false)
  const [isDeleting, setDeleting] = useState(false)
  const name = image.name || image.uuid
  const hasBytes = image.status === 'active' && allowed.includes('image.download')
  const verb = image.status === 'deactivated' ? 'reactivate' : 'deactivate'

  const move = async () => {
    try {
      changed(await post<WireImage>(`/images/${image.uuid}/${verb}`))
      toasts.succeed(intl.formatMessage({ id: `image.${verb}.done` }, { name }))
    } catch (error) {
      toasts.fail(error)
    }
  }

  return (
    <div className="ip-actions">
      <Button
        component="a"
        variant="primary"
        icon={<DownloadIcon />}
        href={apiPath(`/images/${image.uuid}/file`)}
        download
        isDisabled={!hasBytes}
      >
        <FormattedMessage id="image.download" />
      </Button>
      <CopyCommand image={image} />
      <Dropdown
        shouldFocusToggleOnSelect
        isOpen={isOpen}
        onOpenChange={setOpen}
        onSelect={() => setOpen(false)}
        popperProps={{ position: 'right', appendTo: 'inline' }}
        toggle={(ref: Ref<MenuToggleElement>) => (
          <MenuToggle ref={ref} isExpanded={isOpen} onClick={() => setOpen(!isOpen)}>
            <FormattedMessage id="image.actions" />
          </MenuToggle>
        )}
      >
        <DropdownList>
          <DropdownItem onClick={() => navigate(`/images/${image.uuid}/sharing`)}>
            <FormattedMessage id="image.share" />
          </DropdownItem>
          <DropdownItem
            isDisabled={
              !allowed.includes('image.deactivate') || !['active', 'deactivated'].includes(image.status)
            }
            onClick={() => void move()}
          >
            <FormattedMessage id={`image.${verb}`} />
          </DropdownItem>
          <Divider component="li" />
          <DropdownItem
            isDanger
            isDisabled={!allowed.includes('image.delete') || image.protected}
            {...(image.protected
              ? { description: intl.formatMessage({ id: 'image.delete.protected' }) }
              : {})}
            onClick={() => setDeleting(true)}
          >
            <FormattedMessage id="parts.delete" />
          </DropdownItem>
        </DropdownList>
      </Dropdown>
      {isDeleting ? (
        <ConfirmModal
          title={intl.formatMessage({ id: 'image.delete.title' })}
          action={intl.formatMessage({ id: 'parts.delete' })}
          onConfirm={async () => {
            onLeaving(true)
            await remove(`/images/${image.uuid}`).catch((error) => {
              onLeaving(false)
              throw error
            })
            navigate('/images')
            gone()
            toasts.succeed(intl.formatMessage({ id: 'image.delete.done' }, { name }))
          }}
          onClose={() => setDeleting(false)}
        >
          <p className="ip-break">
            <FormattedMessage id="image.delete.body" values={{ name }} />
          </p>
        </ConfirmModal>
      ) : null}
    </div>
  )
}
