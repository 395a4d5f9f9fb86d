/** Where the files are that processes and threads begin with: as source beside this one, built in dist/bench. */

export function entryUrl(name: 'load-process' | 'metronome-thread'): URL {
  const here = import.meta.url
  if (here.endsWith('.ts')) return new URL(`./${name}.ts`, here)
  return new URL(`bench/process/${name}.js`, here.slice(0, here.lastIndexOf('/broker/') + 1))
}
