export default function SnapshotsPage() {
  return null
}
