/** The samples of one metric: labels, sorted and without the one that names the process, → value. */
export function samples(text: string, name: string): Map<string, number> {
  const found = new Map<string, number>()
  for (const line of text.split('\n')) {
    const [, metric, labels = '', value] = /^([\w:]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
    if (metric !== name) continue
    const kept = (labels.match(/\w+="[^"]*"/g) ?? []).filter((label) => label !== 'process="0"')
    found.set(kept.sort().join(), Number(value))
  }
  return found
}

/** One sample, by its name and sorted labels: `imageport_tasks{state="failed"}`. */
export function sample(text: string, wanted: string): number | undefined {
  const [, name = '', labels = ''] = /^(\w+)(?:\{(.*)\})?$/.exec(wanted) ?? []
  return samples(text, name).get(labels)
}
