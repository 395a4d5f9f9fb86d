/** Certificates for an hour, made by openssl in a directory of the test's: an authority, and whom it vouches for. */
import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs'
import * as path from 'node:path'

export interface Identity {
  readonly cert: string
  readonly key: string
}

export class Authority {
  readonly #directory: string

  constructor(directory: string) {
    this.#directory = directory
    fs.mkdirSync(directory, { recursive: true })
    this.#openssl(
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-days',
      '1',
      '-subj',
      '/CN=authority',
      '-keyout',
      'ca.key',
      '-out',
      'ca.pem',
    )
  }

  /** In PEM. */
  get certificate(): string {
    return this.#read('ca.pem')
  }

  /** @param names `DNS:localhost,IP:127.0.0.1`. */
  issue(name: string, names: string): Identity {
    this.#openssl(
      'req',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-subj',
      `/CN=${name}`,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
    )
    fs.writeFileSync(path.join(this.#directory, `${name}.ext`), `subjectAltName=${names}\n`)
    this.#openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-days',
      '1',
      '-extfile',
      `${name}.ext`,
      '-out',
      `${name}.pem`,
    )
    return { cert: this.#read(`${name}.pem`), key: this.#read(`${name}.key`) }
  }

  #read(file: string): string {
    return fs.readFileSync(path.join(this.#directory, file), 'utf8')
  }

  #openssl(...args: string[]): void {
    execFileSync('openssl', args, { cwd: this.#directory, stdio: 'ignore' })
  }
}
