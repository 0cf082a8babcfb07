export default function OperatingSystemsPage() {
  return null
}
