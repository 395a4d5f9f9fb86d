/** Where the files of the bench are that are not imported: as source around this one, built in dist/bench. */

const here = import.meta.url
const isSource = here.endsWith('.ts')

/** What processes and threads begin with. */
export function entryUrl(name: 'load-process' | 'metronome-thread'): URL {
  return new URL(`process/${name}.${isSource ? 'ts' : 'js'}`, folderUrl('.'))
}

export function folderUrl(name: string): URL {
  const bench = isSource ? new URL('../', here) : new URL('bench/', here.slice(0, here.lastIndexOf('/broker/') + 1))
  return new URL(`${name}/`, bench)
}
