// The header from C++, with owners that give back what they have: the pattern for a C++ host.
#include <postseal/postseal.h>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>

namespace {

template <typename T, void (*free_one)(T *)> struct Free {
    void operator()(T *object) const { free_one(object); }
};
using Engine = std::unique_ptr<postseal_engine, Free<postseal_engine, postseal_engine_free>>;
using Report = std::unique_ptr<postseal_report, Free<postseal_report, postseal_report_free>>;
using Error = std::unique_ptr<postseal_error, Free<postseal_error, postseal_error_free>>;
using Entry = std::unique_ptr<postseal_entry, Free<postseal_entry, postseal_entry_free>>;

// Makes a call, with a place for its error, and throws that.
template <typename Call> void check(Call call)
{
    postseal_error *err = nullptr;
    postseal_status status = call(&err);
    Error owned(err);
    if (status != POSTSEAL_OK)
        throw std::runtime_error(postseal_error_message(err));
}

// A callback that throws nothing: what it catches becomes a status.
extern "C" int32_t find(void *userdata, const postseal_question *question, postseal_answer *answer)
{
    try {
        *static_cast<std::string *>(userdata) = postseal_question_address(question, 0);
        postseal_entry *entry = nullptr;
        if (postseal_entry_new(postseal_question_address(question, 0), 0, &entry, nullptr) != POSTSEAL_OK)
            return -1;
        Entry owned(entry);
        return postseal_answer_entry(answer, entry, nullptr);
    } catch (...) {
        return -1;
    }
}

extern "C" int32_t put(void *, const postseal_question *, postseal_answer *answer)
{
    return postseal_answer_stored(answer, nullptr);
}

Engine engine_of(const std::string &configuration, std::string &asked)
{
    postseal_engine *engine = nullptr;
    check([&](postseal_error **err) { return postseal_engine_from_text(configuration.c_str(), nullptr, &engine, err); });
    Engine owned(engine);
    postseal_store_table table = postseal_store_table();
    table.struct_size = sizeof table;
    table.find = find;
    table.put = put;
    table.entries = find;
    check([&](postseal_error **err) { return postseal_engine_set_store(engine, &table, &asked, err); });
    return owned;
}

} // namespace

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    std::string asked, mail;
    Engine engine = engine_of("import = true\ntrust = [\"" + std::string(argv[1]) + "\"]", asked);
    std::unique_ptr<std::FILE, int (*)(std::FILE *)> file(std::fopen(argv[2], "rb"), std::fclose);
    for (int octet; file && (octet = std::fgetc(file.get())) != EOF;)
        mail.push_back(static_cast<char>(octet));
    postseal_report *report = nullptr;
    postseal_options options = postseal_options();
    options.struct_size = sizeof options;
    const uint8_t *octets = reinterpret_cast<const uint8_t *>(mail.data());
    check([&](postseal_error **err) {
        return postseal_import_mail(engine.get(), octets, mail.size(), &options, &report, err);
    });
    Report owned(report);
    std::cout << postseal_outcome_name(postseal_report_outcome(report)) << " " << asked << "\n";
    try {
        engine_of("no configuration", asked);
        return 1;
    } catch (const std::runtime_error &error) {
        std::cout << error.what() << "\n";
    }
    return postseal_report_outcome(report) == POSTSEAL_OUTCOME_IMPORTED && asked == "alice@goal.example" ? 0 : 1;
}
