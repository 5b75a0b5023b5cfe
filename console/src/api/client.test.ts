// @vitest-environment node

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ApiError, call, FOREIGN_ANSWER, onSignedOut, UNREACHABLE } from './client'

/** A server that answers each request with `answer`, and a `fetch` that finds it under relative addresses. */
let answer: (request: IncomingMessage, response: ServerResponse) => void
const server = createServer((request, response) => answer(request, response))
const plainFetch = globalThis.fetch

beforeEach(async () => {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  globalThis.fetch = (path, options) => plainFetch(`http://127.0.0.1:${port}${path}`, options)
})

afterEach(async () => {
  globalThis.fetch = plainFetch
  onSignedOut(() => {})
  server.closeAllConnections()
  await new Promise(resolve => server.close(resolve))
})

function answerWith(status: number, body: string) {
  answer = (_, response) => void response.writeHead(status).end(body)
}

async function failure(promise: Promise<unknown>): Promise<ApiError> {
  const error = await promise.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (!(error instanceof ApiError)) throw new Error(`not an ApiError: ${error}`)
  return error
}

test('a request names service, operation and region, and carries its parameters as JSON', async () => {
  let asked = ''
  answer = async (request, response) => {
    const parts = await request.toArray()
    asked = `${request.method} ${request.url} ${Buffer.concat(parts)}`
    response.end('{"FlowLog":[],"TotalNum":0}')
  }
  const reply = await call('vpc', 'DescribeFlowLogs', { Limit: 5 }, { region: 'ap-guangzhou' })
  expect(asked).toBe('POST /api/vpc/DescribeFlowLogs?Region=ap-guangzhou {"Limit":5}')
  expect(reply.TotalNum).toBe(0)
})

test('a refusal keeps its code, message, position and request id', async () => {
  const position = { Offset: 3, Length: 2, Line: 1, Column: 4 }
  answerWith(
    400,
    JSON.stringify({ Error: { Code: 'SyntaxError', Message: 'no', Position: position }, RequestId: 'r-1' }),
  )
  const error = await failure(call('vpc', 'DescribeFlowLogs', {}))
  expect({ ...error }).toMatchObject({ code: 'SyntaxError', status: 400, position, requestId: 'r-1' })
  expect(error.message).toBe('no')
})

test('a page of a proxy is not taken for an answer', async () => {
  answerWith(502, '<h1>Bad Gateway</h1>')
  expect((await failure(call('vpc', 'DescribeFlowLogs', {}))).code).toBe(FOREIGN_ANSWER)
  answerWith(200, '<h1>Please sign in to the hotel</h1>')
  expect((await failure(call('vpc', 'DescribeFlowLogs', {}))).code).toBe(FOREIGN_ANSWER)
})

test('a server that cannot be reached is an error with a code', async () => {
  answer = request => request.socket.destroy()
  const error = await failure(call('vpc', 'DescribeFlowLogs', {}))
  expect([error.code, error.status]).toEqual([UNREACHABLE, 0])
})

test('what the caller ends is an end, not an error of the server', async () => {
  const caller = new AbortController()
  answer = () => caller.abort()
  const ended = call('vpc', 'DescribeFlowLogs', {}, { signal: caller.signal })
  await expect(ended).rejects.toHaveProperty('name', 'AbortError')
})

test('whoever is signed out is told so, except by the question who is signed in', async () => {
  let told = 0
  onSignedOut(() => {
    told += 1
  })
  answerWith(401, '{"Error":{"Code":"AuthFailure","Message":"sign in"},"RequestId":"r"}')
  await failure(call('natlens', 'DescribeSession', {}))
  expect(told).toBe(0)
  await failure(call('vpc', 'DescribeFlowLogs', {}))
  expect(told).toBe(1)
})
