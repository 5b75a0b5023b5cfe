import { act, screen } from '@testing-library/react'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { show } from '../testing/show'
import { ToastRegion, toast } from './toast'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** The texts that stand at the foot of the page. */
function texts() {
  return [...screen.getByRole('status').children].map(child => child.textContent)
}

test('a toast is in a region that is read aloud, and goes by itself', () => {
  show(<ToastRegion />)
  act(() => toast('edge is paused.'))
  expect(texts()).toEqual(['edge is paused.'])
  act(() => vi.advanceTimersByTime(6000))
  expect(texts()).toEqual([])
})

test('of many toasts the newest stand', () => {
  show(<ToastRegion />)
  act(() => ['a', 'b', 'c', 'd'].forEach(text => void toast(text)))
  expect(texts()).toEqual(['b', 'c', 'd'])
})
