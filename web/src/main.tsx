import '@patternfly/react-core/dist/styles/base.css'
import './app/app.css'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { ApiError } from './api/client.ts'
import { App } from './app/App.tsx'
import { SessionProvider } from './app/session.tsx'
import { LanguageProvider } from './i18n/language.tsx'
import { ToastProvider } from './parts/toasts.tsx'

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // Live events tell what has changed; what was just asked for is not asked for again.
      staleTime: 10_000,
      // What the server refuses it will refuse again.
      retry: (count, error) => !(error instanceof ApiError && error.status < 500) && count < 2,
    },
  },
})

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <LanguageProvider>
        <ToastProvider>
          <SessionProvider>
            <App />
          </SessionProvider>
        </ToastProvider>
      </LanguageProvider>
    </QueryClientProvider>
  </StrictMode>,
)
