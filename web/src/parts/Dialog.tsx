import { Modal, type ModalProps } from '@patternfly/react-core'

/**
 * A dialog that is closed by one of its buttons or the escape key. It has no cross in its corner, whose label PatternFly
 * has in English only.
 */
export function Dialog({
  onClose,
  ...rest
}: Omit<ModalProps, 'isOpen' | 'onClose' | 'ref'> & { readonly onClose: () => void }) {
  return <Modal isOpen onEscapePress={onClose} {...rest} />
}
