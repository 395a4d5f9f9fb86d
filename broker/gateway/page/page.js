// Live records of one topic, with the same client that any page would use.
import { Stele } from '/stele.js'

const shownMax = 200
const byId = (id) => document.getElementById(id)
const stele = new Stele({ url: location.origin.replace(/^http/, 'ws'), clientId: 'example-page' })
const utf8 = new TextDecoder()
let consumer
let isPaused = false

function text(bytes) {
  return bytes === null ? '∅' : utf8.decode(bytes.subarray(0, 400))
}

function row({ partition, offset, timestamp, key, value }) {
  const line = document.createElement('tr')
  const time = timestamp < 0 ? '' : new Date(timestamp).toISOString().slice(11, 23)
  for (const cell of [partition, offset, time, text(key), text(value)]) line.insertCell().textContent = cell
  return line
}

async function show(topic) {
  await consumer?.close()
  byId('records').replaceChildren()
  byId('state').textContent = `reading ${topic}`
  const mine = stele.consumer({ topics: [topic], from: byId('from').value, maxBytes: 256 * 1024 })
  consumer = mine
  if (isPaused) mine.pause()
  let count = 0
  try {
    for await (const { records } of mine.batches()) {
      if (consumer !== mine) return
      count += records.length
      byId('records').prepend(...records.slice(-shownMax).reverse().map(row))
      while (byId('records').rows.length > shownMax) byId('records').lastChild.remove()
      byId('state').textContent = `${count.toLocaleString()} records of ${topic}`
      // What is not painted is not read: the broker waits.
      await new Promise(requestAnimationFrame)
    }
  } catch (error) {
    byId('state').textContent = error.message
  }
}

async function refresh() {
  const topics = (await stele.topics()).filter(({ internal }) => !internal)
  const select = byId('topics')
  const known = [...select.options].map(({ value }) => value)
  for (const { name } of topics) if (!known.includes(name)) select.add(new Option(name, name))
  if (topics.length === 0) byId('state').textContent = 'no topics yet: stele topics create orders'
  if (!consumer && select.value) void show(select.value)
}

byId('topics').addEventListener('change', () => void show(byId('topics').value))
byId('from').addEventListener('change', () => void show(byId('topics').value))
byId('pause').addEventListener('click', () => {
  isPaused = !isPaused
  byId('pause').textContent = isPaused ? 'resume' : 'pause'
  if (isPaused) consumer?.pause()
  else consumer?.resume()
})
const again = () =>
  refresh()
    .catch((error) => (byId('state').textContent = error.message))
    .finally(() => setTimeout(again, 3000))
void again()
