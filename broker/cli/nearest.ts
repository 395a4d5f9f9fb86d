/** The word that someone probably meant: within two mistyped letters (Levenshtein's distance), or one where the word is short. */
export function nearest(word: string, among: readonly string[]): string | undefined {
  const farthest = word.length <= 4 ? 1 : 2
  let best: string | undefined
  let bestDistance = farthest + 1
  for (const candidate of among) {
    const away = distance(word, candidate)
    if (away >= bestDistance) continue
    best = candidate
    bestDistance = away
  }
  return best
}

function distance(left: string, right: string): number {
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (let row = 1; row <= left.length; row++) {
    const current = [row]
    for (let column = 1; column <= right.length; column++) {
      const replaced = (previous[column - 1] as number) + (left[row - 1] === right[column - 1] ? 0 : 1)
      current.push(Math.min(replaced, (previous[column] as number) + 1, (current[column - 1] as number) + 1))
    }
    previous = current
  }
  return previous[right.length] as number
}
