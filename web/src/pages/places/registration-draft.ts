import type { WireRegistration } from '../../../../src/faces/console/wire-image.ts'
import type { WireTemplate, WireTemplatePatch } from '../../../../src/faces/console/wire-places.ts'
import type { Option } from './pick.ts'
import { keptSecret, type Secret, secretPatch } from './SecretField.tsx'

/** What a form says of a registration. */
export type RegistrationDraft = {
  readonly name: string
  readonly uuid: string
  readonly username: string
  readonly operatingSystem: Option | null
  readonly architecture: Option | null
  readonly userData: boolean
  readonly iamRole: string
  readonly secret: Secret
  /** The image of the catalogue whose facts were taken. */
  readonly image: Option | null
}

export const newRegistration: RegistrationDraft = {
  ...{ name: '', uuid: '', username: '', iamRole: '' },
  ...{ operatingSystem: null, architecture: null, image: null },
  userData: false,
  secret: keptSecret,
}

const systemOf = ({ operatingSystem: { id, title } }: WireRegistration): Option => ({ id, text: title })
const architectureOf = ({ architecture: { id, name } }: WireRegistration): Option => ({ id, text: name })

/** @param isImage the template is an image of the catalogue */
export function draftOf(one: WireTemplate, isImage: boolean): RegistrationDraft {
  return {
    ...newRegistration,
    image: isImage ? { id: one.uuid, text: one.uuid } : null,
    name: one.name,
    uuid: one.uuid,
    username: one.username,
    operatingSystem: systemOf(one),
    architecture: architectureOf(one),
    userData: one.userData ?? false,
    iamRole: one.iamRole ?? '',
  }
}

/** What differs, and nothing else. */
export function changedBy(before: RegistrationDraft, draft: RegistrationDraft): WireTemplatePatch {
  const password = secretPatch(draft.secret)
  const { operatingSystem, architecture } = draft
  return {
    ...(draft.name === before.name ? {} : { name: draft.name }),
    ...(draft.uuid === before.uuid ? {} : { uuid: draft.uuid }),
    ...(draft.username === before.username ? {} : { username: draft.username }),
    ...(operatingSystem === null || operatingSystem.id === before.operatingSystem?.id
      ? {}
      : { operatingSystemId: Number(operatingSystem.id) }),
    ...(architecture === null || architecture.id === before.architecture?.id
      ? {}
      : { architectureId: Number(architecture.id) }),
    ...(draft.userData === before.userData ? {} : { userData: draft.userData }),
    ...(draft.iamRole === before.iamRole ? {} : { iamRole: draft.iamRole || null }),
    ...(password === undefined ? {} : { password }),
  }
}

/**
 * The draft with another image of the catalogue. What nobody has said yet is said as the image says it, and as it is
 * registered elsewhere.
 */
export function withImage(
  draft: RegistrationDraft,
  image: Option,
  elsewhere: WireRegistration | undefined,
): RegistrationDraft {
  const isNamedByImage = draft.name === '' || draft.name === draft.image?.text
  const known = elsewhere && { system: systemOf(elsewhere), architecture: architectureOf(elsewhere) }
  return {
    ...draft,
    image,
    uuid: String(image.id),
    name: isNamedByImage ? image.text : draft.name,
    username: draft.username || elsewhere?.username || '',
    operatingSystem: draft.operatingSystem ?? known?.system ?? null,
    architecture: draft.architecture ?? known?.architecture ?? null,
  }
}
