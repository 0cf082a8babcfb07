// One file for each part of the console, all in one module: a language is loaded as a whole.
const parts = import.meta.glob<Record<string, string>>('./fr/*.json', { eager: true, import: 'default' })

export default Object.assign({}, ...Object.values(parts)) as Record<string, string>
