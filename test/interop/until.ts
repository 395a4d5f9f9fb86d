/**
 * Waits for what other processes do in their own time: asks until the answer is right, and at the limit says what was waited for and what
 * the last answer was.
 */
import { setTimeout as after } from 'node:timers/promises'

const askAgainMillis = 100

export async function until<T>(what: string, ask: () => Promise<T>, isRight: (answer: T) => boolean, limitMillis = 60_000): Promise<T> {
  const end = Date.now() + limitMillis
  for (;;) {
    const answer = await ask()
    if (isRight(answer)) return answer
    if (Date.now() > end) throw new Error(`waited ${limitMillis} ms for ${what}; last seen: ${JSON.stringify(answer)}`)
    await after(askAgainMillis)
  }
}
