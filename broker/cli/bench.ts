/** `stele bench`: how fast a broker is, Stele or any other that speaks Kafka's protocol. What is measured and how is bench's. */
import { access, constants, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type * as Door from '../../bench/bench.ts'
import type { FigureRow, Plan, Report, RoundPlace, Sample, Target } from '../../bench/bench.ts'
import { nodeClock } from '../platform/node/clock.ts'
import { BenchProgress } from './bench-progress.ts'
import { command, flag, operand } from './command.ts'
import { CommandError, Exit, UsageError } from './exit.ts'
import { stopSignal } from './stop-signal.ts'
import { type Column, tableText } from './table.ts'
import type { Terminal } from './terminal.ts'

const usualWorkloads = ['produce', 'fetch-tail', 'fetch-cold', 'latency']
const whole = { min: 1, max: 1_000_000_000 }
const few = { min: 1, max: 100_000 }

export const benchCommand = command({
  name: 'bench',
  about: 'Measures a broker: throughput, latency, processor time and memory.',
  details: [
    'Workloads: produce, fetch-tail, fetch-cold, latency (end to end, at a fixed rate), these four if none is named; fan-out, websocket, groups-commit, groups-rebalance, transactions. The first word is enough for a family: fetch, groups.',
    'With --target twice both are measured by turns, and compared. Topics are made for it, and deleted afterwards.',
    'A broker on this machine is found by its port, and its processor time and memory are told too; else --pid names its process.',
  ].join('\n'),
  flags: {
    target: flag.list('[NAME=]HOST:PORT', 'The broker to measure, and what to call it; twice, to compare two.', { short: 't' }),
    http: flag.list(
      'HOST:PORT',
      'Where the target serves streams over WebSocket; its host and port 9644 if left out. One for each target.',
    ),
    pid: flag.integers('PID', 'The process of the broker, one for each target.', { min: 1 }),
    seconds: flag.integer('N', 'How long each round is measured; 5 if left out.', { short: 's', otherwise: 5, min: 1, max: 86_400 }),
    records: flag.integer('N', 'Ends a round once so many are measured; for fetch-cold, how many are stored.', { short: 'n', ...whole }),
    warmUp: flag.integer('N', 'Seconds before measuring; 1 if left out.', { otherwise: 1, min: 0, max: 3600 }),
    rounds: flag.integer('N', 'How often; 1 if left out, with two targets 3.', { min: 1, max: 1000 }),
    size: flag.integer('BYTES', "Of a record's value; 1024 if left out.", { otherwise: 1024, min: 1, max: 10_000_000 }),
    batch: flag.integer('BYTES', "The most in a producer's batch; 262144 if left out.", { otherwise: 262_144, ...whole }),
    linger: flag.integer('MS', 'How long a producer waits for its batch to fill; 0 if left out.', { otherwise: 0, min: 0, max: 60_000 }),
    acks: flag.choice(['all', 'leader', 'none'], 'Who must have a record; all if left out.', { otherwise: 'all' }),
    codec: flag.choice(['none', 'gzip', 'snappy', 'lz4', 'zstd'], 'Compression; none if left out.', { otherwise: 'none' }),
    partitions: flag.integer('N', 'Of the topics that are made; 8 if left out.', { short: 'p', otherwise: 8, ...few }),
    replicationFactor: flag.integer('N', 'Of the topics that are made; 1 if left out.', { otherwise: 1, min: 1, max: 100 }),
    connections: flag.integer(
      'N',
      'Producers or readers, each with sockets of its own; 2 if left out, and at least one for each process.',
      {
        short: 'c',
        ...few,
      },
    ),
    processes: flag.integer('N', 'How many processes make the load; 1 if left out.', { otherwise: 1, min: 1, max: 1024 }),
    rate: flag.integer('N', 'Records a second in all; 0, as fast as it goes, if left out, for latency 1000.', {
      short: 'r',
      otherwise: 0,
      min: 0,
    }),
    load: flag.list(
      'CLIENT',
      'Whose client makes it: stele, java, kcat, confluent-kafka or franz-go, where they are installed; produce and fetch-cold alone are for all. May be given several times; stele if left out.',
    ),
    consumers: flag.integer('N', 'Who each read all of the topic in fan-out and websocket; 10 if left out.', { otherwise: 10, ...few }),
    groups: flag.integer('N', 'Consumer groups that commit; 100 if left out.', { otherwise: 100, ...few }),
    members: flag.integer('N', 'Of the group that rebalances; 100 if left out.', { otherwise: 100, min: 2, max: 100_000 }),
    recordsPerTransaction: flag.integer('N', 'As it says; 100 if left out.', { otherwise: 100, ...few }),
    json: flag.toggle('The whole report as one JSON document instead of a table.'),
    html: flag.text('FILE', 'The report as a page with plots, in one file.'),
  },
  operands: { workloads: operand.any('WORKLOAD', 'What to measure.') },
  examples: ['stele bench --target 127.0.0.1:9092', 'stele bench produce latency -t a=kafka:9092 -t b=stele:9092 --html report.html'],
  async run(input, terminal) {
    const door = await import('../../bench/bench.ts')
    const named = input.workloads.length === 0 ? usualWorkloads : input.workloads
    const workloads = named.flatMap((word) => {
      const called = door.workloadsCalled(word).map(({ name }) => name)
      if (called.length > 0) return called
      throw new UsageError(`there is no workload ${word}, but ${door.workloads.map(({ name }) => name).join(', ')}`, 'bench')
    })
    const clients = input.load.length === 0 ? ['stele'] : input.load
    const known = ['stele', ...door.foreignClients.map(({ name }) => name)]
    for (const client of clients) {
      if (!known.includes(client)) throw new UsageError(`--load must be one of ${known.join(', ')}, not '${client}'`, 'bench')
    }
    const connections = input.connections ?? Math.max(2, input.processes)
    if (connections < input.processes) throw new UsageError('--connections must be at least as many as --processes', 'bench')
    const targets = targetsOf(input)
    const { warmUp, batch, linger, ...rest } = input
    const load = { ...rest, connections, warmUpSeconds: warmUp, batchBytes: batch, lingerMs: linger }
    const plan: Plan = { targets, workloads, clients, rounds: input.rounds ?? (targets.length > 1 ? 3 : 1), load: door.loadOf(load) }
    if (input.html !== undefined) await checkWritable(input.html)
    const report = await measured(plan, door, terminal)
    await terminal.out.write(input.json ? `${JSON.stringify(report)}\n` : await reportText(report, terminal))
    if (input.html !== undefined) await writeFile(input.html, door.pageOf(report)).catch(cannotBeWritten(input.html))
    if (report.failure === null) return Exit.ok
    await terminal.err.write(`stele: not all was measured: ${report.failure}\n`)
    return Exit.failed
  },
})

const httpPortUsually = 9644

function targetsOf({ target, http, pid }: { target: readonly string[]; http: readonly string[]; pid: readonly number[] }): Target[] {
  if (target.length > 2) throw new UsageError('--target may be given once, or twice to compare', 'bench')
  const bootstraps = target.length > 0 ? target : [process.env['STELE_BOOTSTRAP'] ?? '127.0.0.1:9092']
  return bootstraps.map((bootstrap, index) => {
    const [, name, host, port] = /^(?:([^=]+)=)?([^=]+):(\d{1,5})$/.exec(bootstrap) ?? []
    if (host === undefined || Number(port) > 65_535) throw new UsageError(`--target must be host:port, not '${bootstrap}'`, 'bench')
    const where = { bootstrap: `${host}:${port}`, http: http[index] ?? `${host}:${httpPortUsually}`, pid: pid[index] }
    return name === undefined ? where : { ...where, name }
  })
}

async function measured(plan: Plan, { bench, BenchError }: typeof Door, { err }: Terminal): Promise<Report> {
  const { ClientError } = await import('../../client/index.ts')
  const stop = stopSignal()
  const cut = new AbortController()
  void stop.request.then(() => cut.abort())
  const progress = new BenchProgress(err, nodeClock, plan.load.seconds)
  const events = {
    round: (place: RoundPlace) => progress.round(place),
    measuring: () => progress.measuring(),
    progress: (count: number) => progress.progress(count),
    sample: (sample: Sample) => progress.sample(sample),
    notice(text: string) {
      progress.clear()
      void err.write(`stele: ${text}\n`)
    },
  }
  try {
    return await bench(plan, { command: commandLine(), events, signal: cut.signal })
  } catch (error) {
    if (error instanceof BenchError || error instanceof ClientError) throw new CommandError(error.message, error)
    throw error
  } finally {
    progress.clear()
  }
}

/** Told before the time is spent, not after. */
async function checkWritable(path: string): Promise<void> {
  const there = await stat(path).catch(() => undefined)
  if (there?.isDirectory()) throw new CommandError(`${path} cannot be written: it is a folder`)
  await access(there ? path : dirname(path), constants.W_OK).catch(cannotBeWritten(path))
}

function cannotBeWritten(path: string) {
  return (error: NodeJS.ErrnoException): never => {
    throw new CommandError(`${path} cannot be written: ${error.message}`, error)
  }
}

/** As it can be typed again. */
function commandLine(): string {
  const words = ['stele', ...process.argv.slice(2)]
  return words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ')
}

async function reportText(report: Report, { out, colours }: Terminal): Promise<string> {
  const { figureRows, figureText, labelOf, machineText } = await import('../../bench/bench.ts')
  const rows = figureRows(report)
  const { targets, rounds } = report.plan
  const columns: Column<FigureRow>[] = [
    { title: 'WORKLOAD', cell: ({ workload }) => workload },
    { title: 'FIGURE', cell: ({ figure }) => figure },
  ]
  for (const [index, target] of targets.entries()) {
    const of = (key: 'least' | 'median' | 'most') => (row: FigureRow) => {
      const spread = row.spreads[index]
      return spread ? figureText(spread[key]) : null
    }
    columns.push({ title: labelOf(target), align: 'right', cell: of('median') })
    if (rounds > 1) columns.push({ title: 'LEAST', align: 'right', cell: of('least') }, { title: 'MOST', align: 'right', cell: of('most') })
  }
  if (targets.length > 1) columns.push({ title: 'RATIO', align: 'right', cell: ({ ratio }) => (ratio === null ? null : ratio.toFixed(2)) })
  const about = [`${machineText(report.machine)}\n`, ...report.notes.map((note) => `Note: ${note}\n`)]
  return `${tableText(columns, rows, out, colours)}\n${about.join('')}`
}
