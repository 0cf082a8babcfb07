import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

// `bin/build-console.js` runs this, and compresses what it writes.
export default defineConfig({
  root: import.meta.dirname,
  base: '/ui/',
  plugins: [react()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    // Nothing is written into the page, which a strict policy would not carry out.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
})
