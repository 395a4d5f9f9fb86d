/**
 * Transcripts of Kafka's command-line tools: what is typed, and what the tools print. They are recorded from Apache Kafka; whoever runs one
 * on another broker sees where that one differs.
 *
 *     $ tool arguments      a command; `{home}`, `{data}` and `{records}` are of the run; `$~` where lines come in no order
 *       | words             of what is printed, only lines with this in them
 *       < line              what the tool reads
 *     > file text           a file in {home}
 *     & op name=value …     an act of the Java peer (PROTOCOL.md); with until=name:value again and again, until the reply says so
 *     # …                   for people
 *
 * Everything else is what was printed: without logs and stack traces, and with what differs from run to run taken out.
 */
import * as fs from 'node:fs'
import * as path from 'node:path'
import { isTool, type Run, type Tools } from './peers/tools.ts'
import { until } from './until.ts'

export interface Places {
  /** For files that the tools read. */
  readonly home: string
  /** Where the broker keeps its partitions. */
  readonly data: string
  /** A file of records. */
  readonly records: string
}

interface Step {
  /** As it stands in the transcript. */
  readonly lines: string[]
  readonly stdin: string[]
  only: string | undefined
}

/** The same transcript with what was printed now. */
export async function played(transcript: string, tools: Tools, places: Places): Promise<string> {
  const out: string[] = []
  for (const step of stepsOf(transcript)) {
    out.push(...step.lines)
    const [first = ''] = step.lines
    const filled = first.replaceAll('{home}', places.home).replaceAll('{data}', places.data).replaceAll('{records}', places.records)
    if (filled.startsWith('> ')) writeFile(filled, places)
    if (filled.startsWith('& ')) await act(filled, tools)
    if (!filled.startsWith('$')) continue
    const [sign, tool = '', ...args] = filled.split(' ')
    if (!isTool(tool)) throw new Error(`no such tool: ${tool}`)
    const run = await tools.run(tool, args, step.stdin.map((line) => `${line}\n`).join(''))
    const printed = printedLines(run, places).filter((line) => step.only === undefined || line.includes(step.only))
    out.push(...(sign === '$~' ? printed.sort() : printed))
    if (run.exit !== 0) out.push(`exit ${run.exit}`)
    out.push('')
  }
  return `${out.join('\n').trimEnd()}\n`
}

function stepsOf(transcript: string): Step[] {
  const steps: Step[] = []
  for (const line of transcript.split('\n')) {
    const last = steps.at(-1)
    if (/^(\$~?|>|#|&) /.test(line)) steps.push({ lines: [line], stdin: [], only: undefined })
    else if (last?.lines[0]?.startsWith('$') && /^ {2}[|<] /.test(line)) {
      last.lines.push(line)
      if (line.startsWith('  |')) last.only = line.slice(4)
      else last.stdin.push(line.slice(4))
    } else if (last?.lines[0]?.startsWith('#') && line === '') last.lines.push(line)
  }
  return steps
}

async function act(line: string, tools: Tools): Promise<void> {
  const [, op = '', ...fields] = line.split(' ')
  const { until: asked, ...request } = Object.fromEntries(fields.map((field) => field.split('=')))
  const ask = () => tools.peer.ask({ op, ...request })
  const [name = '', wanted] = asked?.split(':') ?? []
  if (asked === undefined) await ask()
  else await until(line, ask, (reply) => reply[name] === wanted)
}

function writeFile(line: string, { home }: Places): void {
  const [, name = '', text = ''] = /^> (\S+) (.*)$/.exec(line) ?? []
  fs.writeFileSync(path.join(home, name), text)
}

const noise = /^((Tools\$Ended: )?exit \d+$|\[[\w-]+( \|[^\]]*)?\] (TRACE|DEBUG|INFO|WARN|ERROR) |\s+at |\s+\.\.\. \d+ |Caused by: |\s*$)/

function printedLines({ out, err }: Run, { home, data }: Places): string[] {
  return `${out}\n${err}`
    .split('\n')
    .filter((line) => !noise.test(line))
    .map((line) => steady(line.replaceAll(data, '{data}').replaceAll(home, '{home}')).trimEnd())
}

/** What differs from run to run; and the setting that Kafka writes for eligible leader replicas, which come with clusters. */
const unsteady: readonly (readonly [RegExp, string])[] = [
  [/127\.0\.0\.1([: ]+)\d+/g, 'HOST$1PORT'],
  [/(?<=TopicId: |Cluster ID: |"topicId":"|"memberId":")[\w-]{22}(?=["\s]|$)/g, 'ID'],
  [/(?<= )[\w-]{22}(?= +\/127)/g, 'ID'],
  [/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'UUID'],
  [/(?<="timestamp":|CreateTime: )\d+/g, 'TIME'],
  [/\b1[6-9]\d{11}\b/g, 'TIME'],
  [/(?<=TIME *\t)\d+/g, 'MILLIS'],
  [/(?<="size":)[1-9]\d*/g, 'BYTES'],
  [/(?<="avg_throughput":)[\d.]+/g, 'RATE'],
  [/(?<=Epoch: )\d+$/g, 'NUMBER'],
  [/^\| offset: .* (?=(key|payload): \{"type")/, ''],
  [/min\.insync\.replicas=1,?/, ''],
  [/ +/g, ' '],
]

function steady(line: string): string {
  return unsteady.reduce((text, [pattern, instead]) => text.replace(pattern, instead), line)
}
