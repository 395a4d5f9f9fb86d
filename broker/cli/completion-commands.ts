/**
 * `stele completion`: a script for a shell; and the hidden `stele complete`, which that script asks at every Tab.
 * Owns: the scripts, and how long a broker may take to name its topics and groups. Never: says a word of what went wrong.
 */
import { bootstrapFlag, withClient } from './client.ts'
import { type Command, command, operand } from './command.ts'
import { complete, type Completion, type KnownNames, wordsOf } from './completion.ts'
import { CommandError, Exit, UsageError } from './exit.ts'
import { visible } from './table.ts'

/** Whoever presses Tab waits no longer. */
const limits = { connectTimeoutMs: 500, requestTimeoutMs: 1000 }

const scripts: Readonly<Record<string, string>> = {
  bash: `_stele() {
  local -a found
  mapfile -t found < <("\${COMP_WORDS[0]}" complete bash "\${COMP_LINE:0:COMP_POINT}" 2>/dev/null)
  COMPREPLY=()
  if [[ \${found[0]} == files ]]; then
    compopt -o default 2>/dev/null
  else
    COMPREPLY=("\${found[@]:1}")
  fi
}
complete -F _stele stele
`,
  zsh: `#compdef stele
_stele() {
  local -a found
  found=("\${(@f)$("\${words[1]}" complete zsh "\${(j: :)words[1,CURRENT]}" 2>/dev/null)}")
  if [[ \${found[1]} == files ]]; then
    _files
  else
    shift found
    _describe -t stele stele found
  fi
}
if [[ \${funcstack[1]} == _stele ]]; then
  _stele "$@"
else
  compdef _stele stele
fi
`,
}

const shells = Object.keys(scripts).join('|')

function shellNamed(text: string, of: string): string {
  if (Object.hasOwn(scripts, text)) return text
  throw new UsageError(`the shell must be one of ${shells.replaceAll('|', ', ')}, not '${text}'`, of)
}

/** @param commands looked at when somebody asks: these two may be among them. */
export function completionCommands(commands: readonly Command[]): readonly Command[] {
  const completion = command({
    name: 'completion',
    about: 'Prints what makes a shell complete commands, flags, topics and groups.',
    details: 'Names of topics and groups come from the broker, if it answers within a second.',
    flags: {},
    operands: { shell: operand.one(shells, 'The shell.') },
    examples: ['source <(stele completion bash)', 'stele completion zsh > ~/.zfunc/_stele'],
    async run({ shell }, { out }) {
      await out.write(scripts[shellNamed(shell, 'completion')] ?? '')
      return Exit.ok
    },
  })
  const asked = command({
    name: 'complete',
    about: 'What could stand at the end of a line.',
    isHidden: true,
    flags: {},
    operands: { shell: operand.one(shells, 'The shell.'), line: operand.one('LINE', 'The line up to where Tab was pressed.') },
    async run({ shell, line }, { out }) {
      const words = wordsOf(line).slice(1)
      const found = await complete(words, commands, knownAt(bootstrapIn(words)))
      await out.write(answer(shellNamed(shell, 'complete'), words.at(-1) ?? '', found))
      return Exit.ok
    },
  })
  return [completion, asked]
}

/** A line for the kind, then one for each word. Bash replaces only what stands behind the last = or :, zsh shows what a word means. */
function answer(shell: string, word: string, found: Completion): string {
  if (found === 'files') return 'files\n'
  const kept = shell === 'bash' ? word.search(/[^=:]*$/) : 0
  const lines = found.map((candidate) => {
    if (shell === 'bash') return candidate.word.slice(kept)
    return `${candidate.word.replaceAll(':', '\\:')}${candidate.about === '' ? '' : `:${candidate.about}`}`
  })
  return ['words', ...lines].map((text) => `${visible(text)}\n`).join('')
}

function bootstrapIn(words: readonly string[]): string | undefined {
  const at = words.findIndex((word) => word === '--bootstrap' || word === `-${bootstrapFlag.short}`)
  const inline = words.find((word) => word.startsWith('--bootstrap='))
  return at < 0 ? inline?.slice('--bootstrap='.length) : words[at + 1]
}

function knownAt(bootstrap: string | undefined): KnownNames {
  const quietly = async (names: Promise<readonly string[]>) => {
    try {
      return await names
    } catch (error) {
      if (error instanceof CommandError || error instanceof UsageError) return []
      throw error
    }
  }
  return {
    topics: () => quietly(withClient(bootstrap, async ({ topics }) => (await topics.list()).map(({ name }) => name), limits)),
    workloads: async () => (await import('../../bench/bench.ts')).workloads.map(({ name }) => name),
    clients: async () => ['stele', ...(await import('../../bench/bench.ts')).foreignClients.map(({ name }) => name)],
    groups: () => quietly(withClient(bootstrap, async ({ groups }) => (await groups.list()).map(({ groupId }) => groupId), limits)),
  }
}
