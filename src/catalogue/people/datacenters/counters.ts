import type { Query } from '../../core.ts'

/** What is in a datacenter (danube.md 4.3). Sizes are MB. There are no backups, and every VM is a real one. */
export type Counters = {
  readonly vms: number
  readonly nodes: number
  readonly snapshots: number
  readonly sizeVms: number
  readonly sizeSnapshots: number
}

export const noCounters: Counters = { vms: 0, nodes: 0, snapshots: 0, sizeVms: 0, sizeSnapshots: 0 }

const megabyte = 1024 * 1024

/** Project id → what is in it, where there is anything; of one project or of all. */
export async function countersOf(query: Query, projectId?: number): Promise<Map<number, Counters>> {
  let vms = query
    .selectFrom('instances')
    .select((select) => [
      'project_id',
      select.fn.countAll().as('vms'),
      select.fn.count('node').distinct().as('nodes'),
    ])
    .groupBy('project_id')
  let disks = query
    .selectFrom('instances')
    .innerJoin('disks', 'disks.instance_uuid', 'instances.uuid')
    .select((select) => ['project_id', select.fn.sum('disks.size').as('size')])
    .groupBy('project_id')
  let snapshots = query
    .selectFrom('instances')
    .innerJoin('snapshots', 'snapshots.instance_uuid', 'instances.uuid')
    .select((select) => [
      'project_id',
      select.fn.countAll().as('snapshots'),
      select.fn.sum('snapshots.size').as('size'),
    ])
    .groupBy('project_id')
  if (projectId !== undefined) {
    vms = vms.where('project_id', '=', projectId)
    disks = disks.where('project_id', '=', projectId)
    snapshots = snapshots.where('project_id', '=', projectId)
  }
  const sizes = new Map((await disks.execute()).map((row) => [row.project_id, Number(row.size)]))
  const taken = new Map((await snapshots.execute()).map((row) => [row.project_id, row]))
  return new Map(
    (await vms.execute()).map((row) => {
      const { snapshots: count = 0, size = 0 } = taken.get(row.project_id) ?? {}
      return [
        row.project_id,
        {
          vms: Number(row.vms),
          nodes: Number(row.nodes),
          snapshots: Number(count),
          sizeVms: sizes.get(row.project_id) ?? 0,
          sizeSnapshots: Math.round(Number(size) / megabyte),
        },
      ]
    }),
  )
}
