import { ClipboardCopyButton, CodeBlock, CodeBlockAction, CodeBlockCode } from '@patternfly/react-core'
import { useId, useState } from 'react'
import { useIntl } from 'react-intl'

/** Text to be copied as it is: a command, a document. */
export function CopyBlock({ text, label }: { readonly text: string; readonly label: string }) {
  const intl = useIntl()
  const id = useId()
  const [isCopied, setCopied] = useState(false)
  const copy = async () => {
    await navigator.clipboard.writeText(text)
    setCopied(true)
  }
  return (
    <CodeBlock
      actions={
        <CodeBlockAction>
          <ClipboardCopyButton
            id={`copy-${id}`}
            textId={id}
            aria-label={intl.formatMessage({ id: 'parts.copy.what' }, { what: label })}
            variant="plain"
            exitDelay={isCopied ? 1500 : 600}
            onTooltipHidden={() => setCopied(false)}
            onClick={() => void copy()}
          >
            {intl.formatMessage({ id: isCopied ? 'parts.copied' : 'parts.copy' })}
          </ClipboardCopyButton>
        </CodeBlockAction>
      }
    >
      <CodeBlockCode id={id}>{text}</CodeBlockCode>
    </CodeBlock>
  )
}
