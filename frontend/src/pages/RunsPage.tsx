export default function RunsPage() {
  return <main />;
}
