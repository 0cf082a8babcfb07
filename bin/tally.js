// A reporter for node --test that writes what the runner counted and what it skipped, for the last lines of npm test.

/** Yields one line of JSON: `{ counts, skipped }`, `counts` null where the runner never came to its summary. */
export default async function* tally(events) {
  let counts = null
  const skipped = []
  const names = []
  for await (const { type, data } of events) {
    if (type === 'test:start') names[data.nesting] = data.name
    // Per-file summaries carry a file, the one of the whole run does not.
    if (type === 'test:summary' && data.file === undefined) counts = data.counts
    if (type !== 'test:pass' && type !== 'test:fail') continue
    const reason = data.skip ?? data.todo
    if (reason === undefined || reason === false) continue
    skipped.push({
      file: data.file,
      name: [...names.slice(0, data.nesting), data.name].join(' > '),
      reason: typeof reason === 'string' && reason !== '' ? reason : 'no reason given',
    })
  }
  yield `${JSON.stringify({ counts, skipped })}\n`
}
