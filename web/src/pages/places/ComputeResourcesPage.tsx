export default function ComputeResourcesPage() {
  return null
}
