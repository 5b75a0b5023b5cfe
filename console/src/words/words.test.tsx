import { screen } from '@testing-library/react'
import { expect, test } from 'vitest'
import { type Language, usePreferences } from '../state/preferences'
import { show } from '../testing/show'
import { useWords } from './words'

function Page({ other }: { other: Language }) {
  const { setLanguage } = usePreferences()
  const { flowLogs } = useWords()
  return (
    <button type="button" onClick={() => setLanguage(other)}>
      {flowLogs.title}
    </button>
  )
}

test('a change of language reaches words, document and the next visit', async () => {
  const { user } = show(<Page other="zh-CN" />)
  await user.click(screen.getByRole('button', { name: 'Flow logs' }))
  expect(screen.getByRole('button', { name: '流日志' })).toBeTruthy()
  expect(document.documentElement.lang).toBe('zh-CN')
  expect(localStorage.getItem('natlens.language')).toBe('zh-CN')
})
