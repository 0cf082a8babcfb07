/** How bytes can be brought into an image that is there already (glance.md 13.4). */
export type ImportMethod = 'glance-direct' | 'web-download' | 'glance-download' | 'copy-image'
