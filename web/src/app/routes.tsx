import { type ComponentType, lazy } from 'react'

/** A page of the console; each is loaded when somebody goes there. */
export type PageRoute = {
  /** Below `/ui`. */
  readonly path: string
  readonly Page: ComponentType
}

const page = (load: () => Promise<{ default: ComponentType }>) => lazy(load)

export const routes: readonly PageRoute[] = [
  { path: '/', Page: page(() => import('../pages/dashboard/DashboardPage.tsx')) },
  { path: '/images', Page: page(() => import('../pages/images/ImagesPage.tsx')) },
  { path: '/images/:uuid/:tab?', Page: page(() => import('../pages/image/ImagePage.tsx')) },
  { path: '/upload', Page: page(() => import('../pages/upload/UploadPage.tsx')) },
  { path: '/import', Page: page(() => import('../pages/import/ImportPage.tsx')) },
  { path: '/snapshots', Page: page(() => import('../pages/snapshots/SnapshotsPage.tsx')) },
  { path: '/tasks', Page: page(() => import('../pages/tasks/TasksPage.tsx')) },
  { path: '/tasks/:id', Page: page(() => import('../pages/tasks/TaskPage.tsx')) },
  { path: '/compute-resources', Page: page(() => import('../pages/places/ComputeResourcesPage.tsx')) },
  { path: '/compute-resources/:id', Page: page(() => import('../pages/places/ComputeResourcePage.tsx')) },
  { path: '/operating-systems', Page: page(() => import('../pages/places/OperatingSystemsPage.tsx')) },
  { path: '/operating-systems/:id', Page: page(() => import('../pages/places/OperatingSystemPage.tsx')) },
  { path: '/architectures', Page: page(() => import('../pages/places/ArchitecturesPage.tsx')) },
  { path: '/architectures/:id', Page: page(() => import('../pages/places/ArchitecturePage.tsx')) },
  { path: '/projects', Page: page(() => import('../pages/people/ProjectsPage.tsx')) },
  { path: '/projects/:name', Page: page(() => import('../pages/people/ProjectPage.tsx')) },
  { path: '/users', Page: page(() => import('../pages/people/UsersPage.tsx')) },
  { path: '/users/:name', Page: page(() => import('../pages/people/UserPage.tsx')) },
  { path: '/groups', Page: page(() => import('../pages/people/GroupsPage.tsx')) },
  { path: '/groups/:name', Page: page(() => import('../pages/people/GroupPage.tsx')) },
  { path: '/me', Page: page(() => import('../pages/people/MePage.tsx')) },
  { path: '/settings', Page: page(() => import('../pages/settings/SettingsPage.tsx')) },
]

export type NavItem = {
  readonly path: string
  /** Id of the text. */
  readonly text: string
  /** Only for those who manage the directory. */
  readonly admin?: true
}

/** What the menu shows, in groups. */
export const navigation: readonly { readonly text: string; readonly items: readonly NavItem[] }[] = [
  {
    text: 'nav.catalogue',
    items: [
      { path: '/', text: 'nav.dashboard' },
      { path: '/images', text: 'nav.images' },
      { path: '/upload', text: 'nav.upload' },
      { path: '/import', text: 'nav.import' },
      { path: '/snapshots', text: 'nav.snapshots' },
      { path: '/tasks', text: 'nav.tasks' },
    ],
  },
  {
    text: 'nav.places',
    items: [
      { path: '/compute-resources', text: 'nav.computeResources' },
      { path: '/operating-systems', text: 'nav.operatingSystems' },
      { path: '/architectures', text: 'nav.architectures' },
    ],
  },
  {
    text: 'nav.people',
    items: [
      { path: '/projects', text: 'nav.projects' },
      { path: '/users', text: 'nav.users', admin: true },
      { path: '/groups', text: 'nav.groups', admin: true },
      { path: '/me', text: 'nav.tokens' },
    ],
  },
  { text: 'nav.installation', items: [{ path: '/settings', text: 'nav.settings', admin: true }] },
]
