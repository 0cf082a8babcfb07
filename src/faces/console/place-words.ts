import { Failure, isFailure } from '../../catalogue/failure.ts'

/** Foreman's words of fields, which the catalogue's rules speak, in ours. */
const words: Readonly<Record<string, string>> = {
  user: 'username',
  release_name: 'releaseName',
  password_hash: 'passwordHash',
  // The class of an operating system in Foreman.
  type: 'family',
  title: 'description',
  operatingsystem_id: 'operatingSystemId',
  architecture_id: 'architectureId',
  compute_resource_id: 'computeResourceId',
  user_data: 'userData',
  iam_role: 'iamRole',
}

/** Runs an operation on places, and tells what is wrong in the words of this wire. */
export async function told<T>(operation: Promise<T>): Promise<T> {
  try {
    return await operation
  } catch (error) {
    if (!isFailure(error) || !error.detail.fields) throw error
    const fields = Object.entries(error.detail.fields).map(([name, messages]) => [
      words[name] ?? name,
      messages,
    ])
    throw new Failure(
      error.code,
      error.message,
      { ...error.detail, fields: Object.fromEntries(fields) },
      { cause: error },
    )
  }
}
