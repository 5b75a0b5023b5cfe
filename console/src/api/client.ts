/**
 * Asks the server, with the types that its own description gives.
 *
 * Hides: addresses, envelopes, status codes, what an unreachable server looks like.
 * Knows nothing of: what is asked, and of React.
 */

import type { components, operations, paths } from './schema'

/** A type of the API by its published name, for example `Schema<'FlowLog'>`. */
export type Schema<Name extends keyof components['schemas']> = components['schemas'][Name]

/** The services of the API: `vpc`, `cls` and `natlens`. */
export type Service = keyof paths extends `/api/${infer Name}/${string}` ? Name : never

/** The operations of one service that take JSON. */
export type Operation<S extends Service> = {
  [Path in keyof paths]: Path extends `/api/${S}/${infer Name extends JsonOperation}` ? Name : never
}[keyof paths]

export type RequestOf<O extends JsonOperation> =
  operations[O]['requestBody'] extends Json<infer Body> ? Body : never
export type ResponseOf<O extends JsonOperation> =
  operations[O]['responses'][200] extends Json<infer Body> ? Body : never

type Json<Body> = { content: { 'application/json': Body } }
type JsonOperation = {
  [O in keyof operations]: operations[O]['requestBody'] extends Json<unknown> ? O : never
}[keyof operations]

/** Code of an error that no server answered: it could not be reached. */
export const UNREACHABLE = 'Unreachable'

/** Code of an error whose answer is not of this API, for example a proxy's page. */
export const FOREIGN_ANSWER = 'ForeignAnswer'

/** What a failed operation says. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  /** A published code such as `ResourceNotFound.TopicNotExist`, or one of the two above. */
  readonly code: string
  /** HTTP status; 0 when no answer came. */
  readonly status: number
  /** Where in the query, if a query is wrong. */
  readonly position: Schema<'ErrorPosition'> | undefined
  /** Names the request in the server's log; empty when no answer came. */
  readonly requestId: string

  constructor(status: number, { Error: body, RequestId }: Schema<'ErrorReply'>, cause?: unknown) {
    super(body.Message, { cause })
    this.code = body.Code
    this.status = status
    this.position = body.Position ?? undefined
    this.requestId = RequestId
  }

  /** Whether the caller has to sign in first. */
  get signedOut(): boolean {
    return this.status === 401
  }
}

export type CallOptions = {
  /** The region asked; the server's default when absent. */
  region?: string | undefined
  /** Ends the call, on the server too. */
  signal?: AbortSignal | undefined
}

/** Carries out one operation; throws an `ApiError` when it fails and an `AbortError` when `signal` ends it. */
export async function call<S extends Service, O extends Operation<S>>(
  service: S,
  operation: O,
  request: RequestOf<O>,
  { region, signal }: CallOptions = {},
): Promise<ResponseOf<O>> {
  const answer = await post(addressOf(service, operation, region), JSON.stringify(request), signal)
  const body = await jsonOf(answer)
  if (answer.ok && body !== undefined) return body as ResponseOf<O>
  throw failed(operation, answer, body)
}

/** Carries out one operation that answers with a file; fails like `call`, also when the file breaks off. */
export async function fetchFile<S extends Service, O extends Operation<S>>(
  service: S,
  operation: O,
  request: RequestOf<O>,
  { region, signal }: CallOptions = {},
): Promise<Blob> {
  const answer = await post(addressOf(service, operation, region), JSON.stringify(request), signal)
  if (!answer.ok) throw failed(operation, answer, await jsonOf(answer))
  return await reached(answer.blob(), signal)
}

function addressOf(service: string, operation: string, region: string | undefined): string {
  const query = region === undefined ? '' : `?${new URLSearchParams({ Region: region })}`
  return `/api/${service}/${operation}${query}`
}

function failed(operation: string, answer: Response, body: unknown): ApiError {
  const error = new ApiError(answer.status, isErrorReply(body) ? body : foreignAnswer(answer))
  // Asking who is signed in is how one finds out that nobody is.
  if (error.signedOut && operation !== 'DescribeSession') whenSignedOut()
  return error
}

/** Names what happens when an answer says that nobody is signed in, beside the error that the caller gets. */
export function onSignedOut(deed: () => void): void {
  whenSignedOut = deed
}

let whenSignedOut: () => void = () => {}

async function post(address: string, body: string, signal: AbortSignal | undefined): Promise<Response> {
  const headers = { 'content-type': 'application/json', accept: 'application/json' }
  return await reached(fetch(address, { method: 'POST', headers, body, signal: signal ?? null }), signal)
}

async function reached<Answer>(answer: Promise<Answer>, signal: AbortSignal | undefined): Promise<Answer> {
  try {
    return await answer
  } catch (cause) {
    if (signal?.aborted) throw cause
    throw new ApiError(0, { Error: { Code: UNREACHABLE, Message: String(cause) }, RequestId: '' }, cause)
  }
}

async function jsonOf(answer: Response): Promise<unknown> {
  try {
    return await answer.json()
  } catch (cause) {
    if (cause instanceof SyntaxError) return undefined
    throw cause
  }
}

function isErrorReply(body: unknown): body is Schema<'ErrorReply'> {
  return typeof (body as Schema<'ErrorReply'> | undefined)?.Error?.Code === 'string'
}

function foreignAnswer({ status, statusText, headers }: Response): Schema<'ErrorReply'> {
  return {
    Error: { Code: FOREIGN_ANSWER, Message: `${status} ${statusText}`.trim() },
    RequestId: headers.get('x-request-id') ?? '',
  }
}
