/** The region: named by the address, chosen in the header. */

import { useQuery } from '@tanstack/react-query'
import { useMatchRoute, useNavigate, useSearch } from '@tanstack/react-router'
import { ask } from '../api/ask'
import { Select } from '../ui/select'
import { useWords } from '../words/words'

/** The region that the address names; absent for the server's default. Every call of a page passes it on. */
export function useRegion(): string | undefined {
  return useSearch({ from: '/shell' }).region
}

/** The region that answers come from, once it is known. */
function useEffectiveRegion(): string | undefined {
  const named = useRegion()
  const regions = useQuery(ask('natlens', 'DescribeRegions', {}))
  return named ?? regions.data?.DefaultRegion
}

export function RegionSelect() {
  const { shell } = useWords()
  const navigate = useNavigate()
  const selected = useEffectiveRegion()
  const regions = useQuery(ask('natlens', 'DescribeRegions', {}))
  const known = regions.data?.Regions ?? []
  const options = known.map(({ Region, GatewayCount }) => ({
    id: Region,
    label: Region,
    note: shell.gatewayCount(GatewayCount),
  }))
  if (selected !== undefined && !options.some(({ id }) => id === selected)) {
    options.unshift({ id: selected, label: selected, note: shell.gatewayCount(0) })
  }
  // What else the address says belongs to the region left: a page number, or even the page, when it is a topic's.
  const isTopic = useMatchRoute()({ to: '/topics/$topic/search' }) !== false
  const choose = (region: string) => void navigate({ to: isTopic ? '/flow-logs' : '.', search: { region } })
  return (
    <Select
      quiet
      label={shell.region}
      options={options}
      selected={selected ?? null}
      onSelect={choose}
      placeholder="–"
    />
  )
}
