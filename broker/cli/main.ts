/**
 * The command `stele`: its commands, and the process they run in.
 * Each command brings in what it stands on (the broker, the client) when it is run, so that none pays for another's weight.
 */
import { benchCommand } from './bench.ts'
import { brokers } from './brokers.ts'
import type { Command } from './command.ts'
import { completionCommands } from './completion-commands.ts'
import { consume } from './consume.ts'
import { dump } from './dump.ts'
import { groupCommands } from './groups.ts'
import { nodeTerminal } from './node-terminal.ts'
import { produce } from './produce.ts'
import { runProgram } from './program.ts'
import { start } from './start.ts'
import { topicOffsets } from './topic-offsets.ts'
import { topicCommands } from './topics.ts'
import { packageVersion } from './version.ts'

const commands: Command[] = [start, ...topicCommands, topicOffsets, produce, consume, ...groupCommands, brokers, dump, benchCommand]
commands.push(...completionCommands(commands))
process.exit(await runProgram(process.argv.slice(2), { commands, version: packageVersion, worldly: [] }, nodeTerminal()))
