import { expect, test } from 'vitest'
import { parseSearch, stringifySearch } from '../../state/address'
import { readFlowLogsSearch } from './address'

test.each([['?name=edge&order=name&direction=ascending&page=2'], ['?open=new&gateway=nat-1a2b3c4d'], ['']])(
  'the address %o says the same once it is read',
  address => {
    expect(stringifySearch(readFlowLogsSearch(parseSearch(address)))).toBe(address)
  },
)

test('whatever is malformed is as if absent', () => {
  expect(readFlowLogsSearch(parseSearch('?order=size&page=0&open=all&gateway=eth0&direction=up'))).toEqual({})
})
