import { Bullseye, Spinner } from '@patternfly/react-core'
import { Suspense } from 'react'
import { useIntl } from 'react-intl'
import { BrowserRouter, Route, Routes } from 'react-router'
import { LiveProvider } from '../live/LiveProvider.tsx'
import { SignInPage } from '../pages/sign-in/SignInPage.tsx'
import { UploadProvider } from '../uploads/UploadProvider.tsx'
import { CrashBoundary } from './CrashBoundary.tsx'
import { NotFoundPage } from './NotFoundPage.tsx'
import { routes } from './routes.tsx'
import { Shell } from './Shell.tsx'
import { useSessionState } from './session.tsx'

export function App() {
  const { session } = useSessionState()
  if (session === undefined) return <Loading />
  if (session === null) return <SignInPage />
  return (
    <BrowserRouter basename="/ui">
      <LiveProvider>
        <UploadProvider>
          <Shell>
            <Suspense fallback={<Loading />}>
              <Routes>
                {routes.map(({ path, Page }) => (
                  <Route
                    key={path}
                    path={path}
                    element={
                      <CrashBoundary>
                        <Page />
                      </CrashBoundary>
                    }
                  />
                ))}
                <Route path="*" element={<NotFoundPage />} />
              </Routes>
            </Suspense>
          </Shell>
        </UploadProvider>
      </LiveProvider>
    </BrowserRouter>
  )
}

function Loading() {
  const intl = useIntl()
  return (
    <Bullseye>
      <Spinner aria-label={intl.formatMessage({ id: 'app.loading' })} />
    </Bullseye>
  )
}
