package io.limestone.cli.boot;

import io.limestone.evidence.boot.BootPayload;
import io.limestone.evidence.boot.DevicePath;
import io.limestone.evidence.boot.SignatureList;
import io.limestone.evidence.boot.VariableValue;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** An event's payload as JSON: {@code kind}, then the payload's fields. */
final class PayloadJson {
  private PayloadJson() {}

  static Map<String, Object> of(BootPayload payload) {
    return switch (payload) {
      case BootPayload.Variable variable ->
          object(
              "variable",
              "guid",
              variable.guid().toString(),
              "name",
              variable.name(),
              "value",
              of(variable.value()));
      case BootPayload.Image image ->
          object(
              "image",
              "address",
              Long.toUnsignedString(image.address()),
              "length",
              Long.toUnsignedString(image.length()),
              "link_address",
              Long.toUnsignedString(image.linkAddress()),
              "device_path",
              path(image.path()));
      case BootPayload.FirmwareBlob blob ->
          object(
              "firmware_blob",
              "description",
              blob.description(),
              "base",
              Long.toUnsignedString(blob.base()),
              "length",
              Long.toUnsignedString(blob.length()));
      case BootPayload.Separator separator -> object("separator", "value", separator.data().hex());
      case BootPayload.Text text -> object("text", "text", text.text());
      case BootPayload.Ipl ipl ->
          object(
              "ipl",
              "loader",
              ipl.kind().name().toLowerCase(Locale.ROOT),
              "text",
              ipl.text(),
              "argument",
              ipl.argument());
      case BootPayload.Gpt gpt ->
          object(
              "gpt",
              "disk",
              gpt.disk().toString(),
              "partitions",
              gpt.partitions().stream().map(PayloadJson::partition).toList());
      case BootPayload.Tables tables ->
          object(
              "tables",
              "description",
              tables.description(),
              "tables",
              tables.tables().stream()
                  .map(
                      table ->
                          object(
                              "table",
                              "guid",
                              table.guid().toString(),
                              "address",
                              Long.toUnsignedString(table.address())))
                  .toList());
      case BootPayload.Tagged tagged -> object("tagged", "tags", tags(tagged.tags()));
      case BootPayload.Device device ->
          object(
              "device",
              "name",
              device.name(),
              "device_path",
              path(device.path()),
              "authentication",
              device.authentication().map(String::valueOf).orElse(""),
              "measurements",
              device.measurements().stream()
                  .map(
                      one ->
                          object(
                              "measurement",
                              "index",
                              one.index(),
                              "what",
                              one.what(),
                              "value",
                              one.value().hex()))
                  .toList());
      case BootPayload.StartupLocality startup ->
          object("startup_locality", "locality", startup.locality());
      case BootPayload.Notice notice -> object("notice", "signature", notice.signature());
      case BootPayload.TrustPoint point -> object("trust_point", "tags", tags(point.tags()));
      case BootPayload.Unparsed unparsed -> object("unparsed", "reason", unparsed.reason());
    };
  }

  private static Map<String, Object> of(VariableValue value) {
    return switch (value) {
      case VariableValue.SignatureLists lists ->
          object(
              "signature_lists", "lists", lists.lists().stream().map(PayloadJson::list).toList());
      case VariableValue.Authority authority ->
          object(
              "authority",
              "owner",
              authority.owner().map(Object::toString).orElse(""),
              "data",
              authority.data().hex(),
              "name",
              KeyNames.of(authority));
      case VariableValue.Flag flag -> object("flag", "set", flag.set());
      case VariableValue.BootOrder order -> object("boot_order", "options", order.options());
      case VariableValue.BootOption option ->
          object(
              "boot_option",
              "active",
              option.active(),
              "attributes",
              option.attributes(),
              "description",
              option.description(),
              "device_path",
              path(option.path()),
              "optional_data",
              option.optionalData().hex());
      case VariableValue.Text text -> object("text", "text", text.text());
      case VariableValue.Raw raw -> object("raw");
      case VariableValue.Unparsed unparsed -> object("unparsed", "reason", unparsed.reason());
    };
  }

  private static Map<String, Object> list(SignatureList list) {
    return object(
        "signature_list",
        "type",
        list.type().toString(),
        "header",
        list.header().hex(),
        "signatures",
        list.signatures().stream()
            .map(
                signature ->
                    object(
                        "signature",
                        "owner",
                        signature.owner().toString(),
                        "data",
                        signature.data().hex()))
            .toList());
  }

  private static Map<String, Object> partition(BootPayload.Gpt.Partition part) {
    return object(
        "partition",
        "type",
        part.type().toString(),
        "id",
        part.id().toString(),
        "first_block",
        Long.toUnsignedString(part.firstBlock()),
        "last_block",
        Long.toUnsignedString(part.lastBlock()),
        "attributes",
        Long.toUnsignedString(part.attributes()),
        "name",
        part.name());
  }

  private static List<Map<String, Object>> tags(List<BootPayload.Tagged.Tag> tags) {
    return tags.stream()
        .map(
            tag ->
                object(
                    "tag",
                    "id",
                    String.format(Locale.ROOT, "0x%08x", tag.id()),
                    "name",
                    tag.name(),
                    "text",
                    tag.text().orElse(""),
                    "data",
                    tag.inner().isEmpty() ? tag.data().hex() : "",
                    "inner",
                    tags(tag.inner())))
        .toList();
  }

  private static Map<String, Object> path(DevicePath path) {
    return object("device_path", "text", path.text(), "bytes", path.bytes().hex());
  }

  private static Map<String, Object> object(String kind, Object... fields) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("kind", kind);
    for (int i = 0; i < fields.length; i += 2) {
      json.put((String) fields[i], fields[i + 1]);
    }
    return json;
  }
}
