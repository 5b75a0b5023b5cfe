/**
 * The console's own small icons, drawn on a grid of 16.
 *
 * Hides: their outlines. Icons are decoration: the words beside them, or the button's label, carry the meaning.
 */

const OUTLINES = {
  bin: 'M3 4.5h10M6.3 4.5V3h3.4v1.5M4.5 4.5l.6 8.5h5.8l.6-8.5M6.8 7v3.6M9.2 7v3.6',
  check: 'M3.5 8.5l3 3 6-7',
  chevron: 'M4.5 6.5L8 10l3.5-3.5',
  clock: 'M8 13.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11zM8 5v3.2l2.2 1.3',
  close: 'M4 4l8 8M12 4l-8 8',
  columns: 'M2.5 3h11v10h-11zM6.2 3v10M9.8 3v10',
  copy: 'M6 6V3.5h6.5V10H10M3.5 6H10v6.5H3.5z',
  download: 'M8 2.5v7.5M4.8 7L8 10.2 11.2 7M3 13h10',
  edit: 'M3.5 12.5l.6-2.6 6.6-6.6 2 2-6.6 6.6zM9.4 4.6l2 2',
  flow: 'M2 5h3.5l5 6H14M11.8 8.8L14 11l-2.2 2.2M2 11h3l1-1.2M10 6.2L11 5h3',
  gateway: 'M2.5 3.5h11v3.6h-11zM2.5 8.9h11v3.6h-11zM5 5.3h.1M5 10.7h.1M8 5.3h3M8 10.7h3',
  key: 'M9.8 9.2a3.3 3.3 0 1 1 .9-.9l3 3v1.9h-2v-1.4h-1.4z M6.2 5.6h.1',
  keyboard: 'M1.5 4h13v8h-13zM4 6.8h.1M6.7 6.8h.1M9.3 6.8h.1M12 6.8h.1M5 9.4h6',
  menu: 'M2.5 4.5h11M2.5 8h11M2.5 11.5h11',
  minus: 'M3.5 8h9',
  more: 'M3.5 8h.1M8 8h.1M12.5 8h.1',
  next: 'M6.5 4.5L10 8l-3.5 3.5',
  pause: 'M5.5 4v8M10.5 4v8',
  person: 'M8 8a2.6 2.6 0 1 0 0-5.2A2.6 2.6 0 0 0 8 8zM3 13.4c.5-2.3 2.5-3.6 5-3.6s4.5 1.3 5 3.6',
  play: 'M5.5 3.8v8.4L12 8z',
  plus: 'M8 3.5v9M3.5 8h9',
  previous: 'M9.5 4.5L6 8l3.5 3.5',
  refresh: 'M13 8a5 5 0 1 1-1.5-3.6M13 2.8v2.6h-2.6',
  search: 'M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM10.4 10.4l3.1 3.1',
  settings: 'M2.5 5h6M11.5 5h2M2.5 11h2M7.5 11h6M10 3.5v3M6 9.5v3',
  sortDown: 'M8 3.5v9M4.8 9.3L8 12.5l3.2-3.2',
  sortUp: 'M8 12.5v-9M4.8 6.7L8 3.5l3.2 3.2',
  stop: 'M4.5 4.5h7v7h-7z',
  warning: 'M8 2.8l5.8 10.4H2.2zM8 6.8v3M8 11.4h.1',
} as const

export type IconName = keyof typeof OUTLINES

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      aria-hidden="true"
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      <path d={OUTLINES[name]} />
    </svg>
  )
}
