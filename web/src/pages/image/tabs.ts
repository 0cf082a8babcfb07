import type { WireImageDetail } from '../../../../src/faces/console/wire-image.ts'

/** The parts of the page, each with an address of its own; the first is the one that is shown without a name. */
export const tabs = ['facts', 'properties', 'sharing', 'registrations', 'history', 'seen-by'] as const
export type Tab = (typeof tabs)[number]

export function isTab(name: string): name is Tab {
  return (tabs as readonly string[]).includes(name)
}

/** What each part of the page is given. */
export type TabProps = { readonly detail: WireImageDetail }
