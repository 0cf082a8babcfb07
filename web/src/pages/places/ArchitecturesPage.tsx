export default function ArchitecturesPage() {
  return null
}
