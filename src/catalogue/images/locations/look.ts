import { inspector } from '../../bytes/formats/inspect.ts'
import { demandHarmless } from '../../bytes/formats/judge.ts'
import type { Core } from '../../core.ts'
import { Failure } from '../../failure.ts'
import { invalidLocation } from './rules.ts'

/** How much is looked at: all headers that can name other files are within the first cluster of a qcow2, 2 MiB at most. */
const headBytes = 2 * 1024 * 1024
/** Somebody waits for the answer. */
const timeoutMs = 10_000

/**
 * What a location has: it must answer, say its size, and begin with nothing hostile (one-catalogue.md section 4, rule 8).
 * @returns bytes
 * @throws Failure `invalid` (reason `location`), `content`, `too-large`
 */
export async function sizeAt(core: Core, url: string): Promise<number> {
  const inspection = inspector()
  let size: number | null = null
  try {
    const head = core.remote.download(url, {
      range: { start: 0, end: headBytes - 1 },
      timeoutMs,
      onResponse: (info) => {
        size = info.size
        if (size === null) throw invalidLocation()
      },
    })
    for await (const chunk of head) inspection.write(chunk)
  } catch (error) {
    throw invalidLocation(error)
  }
  const bytes = size as number | null
  if (bytes === null) throw invalidLocation()
  const finding = inspection.finish()
  // Only the whole tells whether its end is right.
  const problems = finding.problems.filter(({ reason }) => bytes <= headBytes || reason !== 'vmdk-footer')
  demandHarmless({ ...finding, problems })
  const { maxImageBytes } = core.settings
  if (maxImageBytes !== null && bytes > maxImageBytes)
    throw new Failure('too-large', `An image may have at most ${maxImageBytes} bytes.`, {
      reason: 'image-size',
    })
  return bytes
}
