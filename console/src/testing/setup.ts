/** Runs before every unit test file. */

import { cleanup } from '@testing-library/react'
import { afterEach } from 'vitest'

afterEach(() => {
  cleanup()
  globalThis.localStorage?.clear()
})
