import { ClipboardCopyButton } from '@patternfly/react-core'
import { useId, useState } from 'react'
import { useIntl } from 'react-intl'

/** A piece of text that people carry elsewhere: an id, a digest, an address. */
export function CopyText({ text, label }: { readonly text: string; readonly label: string }) {
  const intl = useIntl()
  const id = useId()
  const [isCopied, setCopied] = useState(false)
  const copy = async () => {
    await navigator.clipboard.writeText(text)
    setCopied(true)
  }
  return (
    <span className="ip-copy-text">
      <code id={id} className="ip-mono">
        {text}
      </code>
      <ClipboardCopyButton
        id={`copy-${id}`}
        textId={id}
        variant="plain"
        hasNoPadding
        aria-label={intl.formatMessage({ id: 'parts.copy.what' }, { what: label })}
        exitDelay={isCopied ? 1500 : 600}
        onTooltipHidden={() => setCopied(false)}
        onClick={() => void copy()}
      >
        {intl.formatMessage({ id: isCopied ? 'parts.copied' : 'parts.copy' })}
      </ClipboardCopyButton>
    </span>
  )
}
