export default function ImagePage() {
  return null
}
