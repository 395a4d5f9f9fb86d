/** A client in the race: how each sends and reads the way that is fastest with it, by its own documentation. */

export interface Sender {
  /** One send of its API, with all of them; resolves when they are acknowledged by all in-sync replicas. */
  send(values: readonly Buffer[]): Promise<unknown>
  close(): Promise<void>
}

export interface Rival {
  readonly name: string
  sender(bootstrap: string, topic: string): Promise<Sender>
  /** From the beginning, until `got` says that it is enough; resolves when it is closed. */
  read(bootstrap: string, topic: string, got: (count: number, bytes: number) => boolean): Promise<void>
}

/**
 * What each asks of a partition at once, the same for all: who asked for 50 MiB (as @platformatic/kafka does, unless told otherwise) would have
 * fetched and taken apart before the clock starts what is counted after.
 */
export const partitionFetchBytes = 1024 * 1024
