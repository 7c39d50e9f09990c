package io.limestone.cli.boot;

import io.limestone.evidence.boot.BootPayload;
import io.limestone.evidence.boot.BootPayload.Tagged.Tag;
import io.limestone.evidence.boot.VariableValue;
import java.util.List;
import java.util.stream.Collectors;

/** An event's payload in a few words. The text is hostile: to be made printable by the caller. */
final class PayloadWords {
  private static final int MANY = 6;

  private PayloadWords() {}

  static String of(BootPayload payload) {
    return switch (payload) {
      case BootPayload.Variable variable -> variable.name() + words(variable.value());
      case BootPayload.Image image ->
          image.path().text().isEmpty() ? "started from memory" : image.path().text();
      case BootPayload.FirmwareBlob blob ->
          "%s 0x%x bytes at 0x%x".formatted(blob.description(), blob.length(), blob.base()).strip();
      case BootPayload.Separator separator -> separator.data().hex();
      case BootPayload.Text text -> text.text();
      case BootPayload.Ipl ipl -> ipl.text();
      case BootPayload.Gpt gpt ->
          "disk %s, partitions %s"
              .formatted(
                  gpt.disk(), few(gpt.partitions().stream().map(part -> part.name()).toList()));
      case BootPayload.Tables tables ->
          few(tables.tables().stream().map(table -> table.guid().toString()).toList());
      case BootPayload.Tagged tagged -> words(tagged.tags());
      case BootPayload.Device device ->
          device.name()
              + " at "
              + device.path().text()
              + ": "
              + few(
                  device.measurements().stream()
                      .map(one -> one.what() + " " + one.value().hex())
                      .toList());
      case BootPayload.StartupLocality startup -> "startup locality " + startup.locality();
      case BootPayload.Notice notice -> notice.signature();
      case BootPayload.TrustPoint point -> words(point.tags());
      case BootPayload.Unparsed unparsed -> "(" + unparsed.reason() + ")";
    };
  }

  private static String words(VariableValue value) {
    return switch (value) {
      case VariableValue.SignatureLists lists -> ": " + lists.signatures().size() + " entries";
      case VariableValue.Authority authority -> ": " + KeyNames.of(authority);
      case VariableValue.Flag flag -> flag.set() ? ": on" : ": off";
      case VariableValue.BootOrder order ->
          ": "
              + order.options().stream()
                  .map(option -> String.format("%04X", option))
                  .collect(Collectors.joining(" "));
      case VariableValue.BootOption option ->
          (option.active() ? ": " : " (off): ")
              + option.description()
              + ", "
              + option.path().text();
      case VariableValue.Text text -> ": " + text.text().strip();
      case VariableValue.Raw raw -> "";
      case VariableValue.Unparsed unparsed -> " (" + unparsed.reason() + ")";
    };
  }

  private static String words(List<Tag> tags) {
    return few(
        tags.stream()
            .map(tag -> tag.name() + tag.text().map(text -> " " + text).orElse(""))
            .toList());
  }

  private static String few(List<String> words) {
    return words.size() <= MANY
        ? String.join(", ", words)
        : String.join(", ", words.subList(0, MANY)) + " and " + (words.size() - MANY) + " more";
  }
}
