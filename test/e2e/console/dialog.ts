import type { Locator, Page } from 'playwright-core'

/** What pages are asked and told in tests. */

/** A field of the window that is open, by its label, which has a star where something has to be written. */
export function field(page: Page, label: string): Locator {
  return page.getByRole('dialog').getByLabel(new RegExp(`^${label}\\s*\\*?$`))
}

/** Presses a button of the window that is open. */
export function press(page: Page, name: string): Promise<void> {
  return page.getByRole('dialog').getByRole('button', { name, exact: true }).click()
}

/** Rows of tables with this text. */
export function row(page: Page, text: string): Locator {
  return page.locator('tbody tr').filter({ hasText: text })
}

/** Opens a menu and chooses from it. */
export async function choose(page: Page, menu: string | RegExp, item: string): Promise<void> {
  await page.getByRole('button', { name: menu, exact: true }).click()
  await page.getByRole('menuitem', { name: item }).click()
}
