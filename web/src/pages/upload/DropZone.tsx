import { MultipleFileUpload, MultipleFileUploadMain } from '@patternfly/react-core'
import { UploadIcon } from '@patternfly/react-icons/dist/esm/icons/upload-icon'
import { useIntl } from 'react-intl'

// The browser's own dialog, and no stop for the keyboard but the button.
const zone = { useFsAccessApi: false, noKeyboard: true }

/** Where files are dropped, or chosen in the browser's dialog. */
export function DropZone({ onFiles }: { readonly onFiles: (files: readonly File[]) => void }) {
  const intl = useIntl()
  const text = (id: string) => intl.formatMessage({ id: `upload.drop.${id}` })
  return (
    <MultipleFileUpload dropzoneProps={zone} onFileDrop={(_, files) => onFiles(files)}>
      <MultipleFileUploadMain
        titleIcon={<UploadIcon />}
        titleText={text('title')}
        titleTextSeparator={text('or')}
        infoText={text('info')}
        browseButtonText={text('browse')}
      />
    </MultipleFileUpload>
  )
}
