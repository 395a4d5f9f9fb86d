/** `stele brokers`: who the brokers of the cluster are. */
import { bootstrapFlag, withClient } from './client.ts'
import { command, flag } from './command.ts'
import { Exit } from './exit.ts'
import { type Column, tableText } from './table.ts'

interface Row {
  readonly id: number
  readonly host: string
  readonly port: number
  readonly rack: string | null
}

export const brokers = command({
  name: 'brokers',
  about: 'Names the brokers of the cluster, and where they are.',
  flags: { bootstrap: bootstrapFlag, json: flag.toggle('One JSON document instead of a table.') },
  operands: {},
  run: ({ bootstrap, json }, { out, colours }) =>
    withClient(bootstrap, async ({ admin }) => {
      const { clusterId, controllerId, brokers } = await admin.cluster.describe()
      const columns: Column<Row>[] = [
        { title: 'BROKER', align: 'right', cell: ({ id }) => id },
        { title: 'ADDRESS', cell: ({ host, port }) => `${host}:${port}` },
        { title: 'RACK', cell: ({ rack }) => rack },
        { title: 'CONTROLLER', cell: ({ id }) => (id === controllerId ? 'yes' : null) },
      ]
      if (json) await out.write(`${JSON.stringify({ clusterId, controllerId, brokers })}\n`)
      else await out.write(`cluster ${clusterId}\n${tableText(columns, brokers, out, colours)}`)
      return Exit.ok
    }),
})
