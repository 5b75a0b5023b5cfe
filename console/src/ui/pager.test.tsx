import { screen } from '@testing-library/react'
import { expect, test, vi } from 'vitest'
import { show } from '../testing/show'
import { Pager } from './marks'

test('a page past the end leads to the last one, and is no step back', () => {
  const onPage = vi.fn()
  show(<Pager page={4} pageSize={20} total={41} onPage={onPage} />)
  expect(onPage).toHaveBeenCalledWith(3, true)
})

test('the last page stays where it is, and one page needs no pager', () => {
  const onPage = vi.fn()
  show(<Pager page={3} pageSize={20} total={41} onPage={onPage} />)
  expect(screen.getByRole('navigation').textContent).toContain('41')
  show(<Pager page={1} pageSize={20} total={20} onPage={onPage} />)
  expect(screen.getAllByRole('navigation')).toHaveLength(1)
  expect(onPage).not.toHaveBeenCalled()
})
